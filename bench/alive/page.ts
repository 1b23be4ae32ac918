// What bench/alive.mjs runs in a tab: a model back to back on the page's own thread, beside an animation of every frame.

import { madeUpPicture } from "../../src/bench/pixels.ts";
import { type Spread, spreadOf } from "../../src/bench/statistics.ts";
import { ImageClassifier } from "../../src/index.ts";

export interface Liveliness {
  readonly adapter: string;
  readonly runs: number;
  readonly submitsPerRun: number;
  /** GPU time of one submit: from the end of the one before, or its own beginning, to its end. */
  readonly submitMs: Spread;
  readonly worstSubmitMs: number;
  /** Tasks of the main thread over 50 ms while the model ran. */
  readonly longTasks: number;
  /** Between two frames of the animation. */
  readonly frameMs: Spread;
}

/** GPU milliseconds of every submit from here on. */
function watchSubmits(): number[] {
  const times: number[] = [];
  const submit = GPUQueue.prototype.submit;
  let lastEnd = 0;
  GPUQueue.prototype.submit = function (...args) {
    submit.apply(this, args);
    const begin = performance.now();
    void this.onSubmittedWorkDone().then(() => {
      const end = performance.now();
      times.push(end - Math.max(begin, lastEnd));
      lastEnd = end;
    });
  };
  return times;
}

function watchLongTasks(): { count: number } {
  const seen = { count: 0 };
  const observer = new PerformanceObserver((list) => {
    seen.count += list.getEntries().length;
  });
  observer.observe({ type: "longtask" });
  return seen;
}

/** Turns the wheel in every frame; the milliseconds between frames. */
function animate(): number[] {
  const wheel = document.querySelector<HTMLElement>("#wheel")!;
  const frames: number[] = [];
  let last = performance.now();
  const turn = (now: number) => {
    frames.push(now - last);
    last = now;
    wheel.style.transform = `translateX(${now % 600}px) rotate(${now / 3}deg)`;
    requestAnimationFrame(turn);
  };
  requestAnimationFrame(turn);
  return frames;
}

async function live(forMs: number): Promise<Liveliness> {
  const classifier = await ImageClassifier.load(new URL("/model", location.href), { device: "webgpu" });
  const picture = madeUpPicture(1);
  for (let i = 0; i < 3; i++) await classifier.classify(picture); // it learns how long its steps take
  const frames = animate();
  const tasks = watchLongTasks();
  const submits = watchSubmits();
  const start = performance.now();
  let runs = 0;
  for (; performance.now() - start < forMs; runs++) await classifier.classify(picture);
  const { vendor, architecture } = classifier.report.adapter;
  return {
    adapter: `${vendor} ${architecture}`,
    runs,
    submitsPerRun: submits.length / runs,
    submitMs: spreadOf(submits),
    worstSubmitMs: Math.max(...submits),
    longTasks: tasks.count,
    frameMs: spreadOf(frames.slice(1)),
  };
}

Object.assign(globalThis, { vit8Alive: live(Number(new URLSearchParams(location.search).get("ms"))) });
