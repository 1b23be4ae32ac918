/** The element in plain HTML; only the form's result and the camera need a script. */
import "../../src/element/define.ts";

const form = document.querySelector<HTMLFormElement>("#report")!;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  form.querySelector("output")!.value = `what = ${new FormData(form).get("what") ?? "nothing"}`;
});

const video = document.querySelector("video")!;
const start = document.querySelector<HTMLButtonElement>("#start")!;
start.addEventListener("click", async () => {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
    start.hidden = true;
  } catch (error) {
    document.querySelector("#refused")!.textContent = `No camera: ${(error as Error).message}`;
  }
});
