/** The camera: its frames one at a time, and the scores of the last seconds as a plot. */
import { closeCamera, followFrames, openCamera } from "../classify/camera.ts";
import { byId, showText } from "../classify/page.ts";
import { COLORS } from "./chip-list.ts";
import { HEIGHT, History, WIDTH } from "./history.ts";
import type { Scores } from "./scoring.ts";

const SVG = "http://www.w3.org/2000/svg";

interface Told {
  /** Whatever was looked at before no longer is, the camera among it. */
  start(): AbortSignal;
  frame(video: HTMLVideoElement, signal: AbortSignal): Promise<void>;
  fail(error: unknown): void;
}

export class CameraPanel {
  readonly #button = byId("camera", HTMLButtonElement);
  readonly #history = new History();
  readonly #plot: SVGElement;
  readonly #told: Told;

  constructor(told: Told) {
    this.#told = told;
    this.#plot = document.createElementNS(SVG, "svg");
    this.#plot.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.#plot.setAttribute("preserveAspectRatio", "none");
    byId("plot", HTMLElement).append(this.#plot);
    this.#button.addEventListener("click", () => void this.#press());
  }

  get isOn(): boolean {
    return this.#button.ariaPressed === "true";
  }

  close(): void {
    closeCamera();
    this.#turn(false);
  }

  /** Of the frame that was looked at, the classes in the order of their colors. */
  show(scores: Scores, labels: readonly string[]): void {
    this.#history.add(performance.now(), scores);
    this.#plot.replaceChildren(
      ...labels.map((label, i) => {
        const line = document.createElementNS(SVG, "polyline");
        line.dataset.series = String(i % COLORS);
        line.setAttribute("points", this.#history.pointsOf(label));
        return line;
      }),
    );
  }

  async #press(): Promise<void> {
    const wasOn = this.isOn;
    const signal = this.#told.start();
    if (wasOn) return;
    try {
      const video = await openCamera();
      if (signal.aborted) return closeCamera();
      this.#turn(true);
      const tell = (pace: { framesPerSecond: number }) =>
        showText("live", `${pace.framesPerSecond.toFixed(1)} frames per second`);
      await followFrames(video, () => this.#told.frame(video, signal), tell, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#told.start();
      this.#told.fail(error instanceof DOMException ? `The camera cannot be used: ${error.message}` : error);
    }
  }

  #turn(on: boolean): void {
    this.#button.ariaPressed = String(on);
    byId("live-scores", HTMLElement).hidden = !on;
    // A screen reader would read every frame.
    byId("best", HTMLElement).ariaLive = on ? "off" : "polite";
    this.#history.clear();
  }
}
