import { ImageClassifier } from "../node/index.ts";
import { readFileSync } from "node:fs";
const [model, n, precision, batch] = process.argv.slice(2);
const t0 = performance.now();
const c = await ImageClassifier.load(model, { precision: (precision ?? "int8") as "int8", maxBatch: Number(batch ?? 1) });
console.log("load", performance.now() - t0);
const dir = model.includes("everyday") ? "../shared/images/everyday80-val" : "../shared/images";
const rows = readFileSync(`${dir}/labels.tsv`, "utf8").trim().split("\n").slice(1).map((l) => l.split("\t"));
const raw = readFileSync(dir.includes("every") ? `${dir}/everyday80.logits.f32` : `${dir}/deit-tiny.logits.250x1000.f32`);
const ref = new Float32Array(raw.buffer, raw.byteOffset, raw.length / 4);
const C = c.labels.length;
let top1 = 0, agree = 0, cos = 0, worst = 0, time = 0;
const N = Number(n ?? 250);
import { readdirSync } from "node:fs";
const files = new Map<string, string>();
for (const f of readdirSync(dir, { recursive: true }) as string[]) files.set(f.split("/").pop()!, `${dir}/${f}`);
const arg = (a: ArrayLike<number>) => { let b = 0; for (let i = 1; i < a.length; i++) if (a[i] > a[b]) b = i; return b; };
for (let i = 0; i < N; i += c ? Number(batch ?? 1) : 1) {
  const chunk = rows.slice(i, Math.min(N, i + Number(batch ?? 1)));
  const t = performance.now();
  const out = await c.logits(chunk.map((r) => files.get(r[3])!));
  if (i > 0) time += performance.now() - t;
  out.forEach((l, j) => {
    const r = ref.subarray((i + j) * C, (i + j + 1) * C);
    const a = arg(l);
    if (a === Number(chunk[j][0])) top1++;
    if (a === arg(r)) agree++;
    let d = 0, x = 0, y = 0;
    for (let k = 0; k < C; k++) { d += l[k] * r[k]; x += l[k] ** 2; y += r[k] ** 2; worst = Math.max(worst, Math.abs(l[k] - r[k])); }
    cos += d / Math.sqrt(x * y);
  });
}
console.log({ top1: top1 / N, agree: agree / N, cos: cos / N, worst, ms: time / (N - 1) });
console.log(c.report);
await c.dispose();
process.exit(0);
