/** A function that runs `work` once, at the end of the task, however often it is called in it. */
export function oncePerTask(work: () => void): () => void {
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      work();
    });
  };
}
