/** The camera, and its frames one at a time. */
import { byId } from "./page.ts";

/** Shows the camera; its images are those of the video. Throws the browser's reason when there is none, or it may not. */
export async function openCamera(): Promise<HTMLVideoElement> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const video = byId("video", HTMLVideoElement);
  video.srcObject = stream;
  video.hidden = false;
  byId("preview", HTMLElement).hidden = true;
  await video.play();
  return video;
}

export function closeCamera(): void {
  const video = byId("video", HTMLVideoElement);
  const stream = video.srcObject as MediaStream | null;
  for (const track of stream?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  video.hidden = true;
}

export interface Pace {
  readonly framesPerSecond: number;
  readonly elapsedMs: number;
}

/** Passes a frame to `look` as soon as it is done with the previous one: frames in between are skipped. */
export async function followFrames(
  video: HTMLVideoElement,
  look: () => Promise<void>,
  tell: (pace: Pace) => void,
  signal: AbortSignal,
): Promise<void> {
  let last = performance.now();
  while (!signal.aborted) {
    await nextFrame(video, signal);
    if (signal.aborted) return;
    const start = performance.now();
    await look();
    const now = performance.now();
    tell({ framesPerSecond: 1000 / (now - last), elapsedMs: now - start });
    last = now;
  }
}

function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(done);
    else requestAnimationFrame(done);
  });
}
