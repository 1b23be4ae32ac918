/**
 * `npm run check:release -- --jobs`: a data set labeled by an array of four tasks of a real Slurm, of which one is killed and requeued, is the
 * same as one labeled in one go. On Debian as root: `apt-get install slurm-wlm munge`.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, hostname, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../../scripts/setup.mjs";
import { writePictures } from "./pictures.mjs";

const TASKS = 4;
const PICTURES = 1200;

for (const program of ["slurmctld", "slurmd", "munged"])
  if (!["/usr/sbin", "/usr/local/sbin"].some((place) => existsSync(path.join(place, program))))
    throw new Error(`${program} is missing. On Debian, run as root: apt-get install slurm-wlm munge`);

const folder = mkdtempSync(path.join(tmpdir(), "vit8-slurm-"));
const at = (/** @type {string[]} */ ...names) => path.join(folder, ...names);
const vit8 = [process.execPath, path.join(root, "dist", "cli.js")];
/** @type {import("node:child_process").ChildProcess[]} */
const daemons = [];
try {
  await writePictures(at("pictures"), PICTURES);
  await startSlurm();
  label(at("pictures"), "-o", at("whole.jsonl"), "--device", "cpu");
  await labelInArray();
  const parts = Array.from({ length: TASKS }, (_, i) => at(`part-${i}.jsonl`));
  execFileSync(vit8[0], [vit8[1], "merge", at("merged.jsonl"), ...parts], { stdio: "inherit" });
  if (!readFileSync(at("merged.jsonl")).equals(readFileSync(at("whole.jsonl"))))
    throw new Error("the merged rows of the array are not those of one run");
  const rows = readFileSync(at("merged.jsonl"), "utf8").trim().split("\n").length;
  console.log(
    `Slurm: ${rows} rows of ${TASKS} tasks, one of them killed and requeued, equal one run byte by byte`,
  );
} finally {
  for (const daemon of daemons.reverse()) daemon.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

/** A cluster of this machine alone, with its own key, ports and folders. */
async function startSlurm() {
  for (const name of ["state", "spool"]) mkdirSync(at(name));
  writeFileSync(at("munge.key"), Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 37) % 256)), {
    mode: 0o400,
  });
  const port = 20_000 + (process.pid % 20_000);
  const lines = {
    ClusterName: "vit8",
    SlurmctldHost: `${hostname()}(127.0.0.1)`,
    SlurmctldPort: port,
    SlurmdPort: port + 1,
    SlurmUser: "root",
    SlurmdUser: "root",
    AuthType: "auth/munge",
    AuthInfo: `socket=${at("munge.socket")}`,
    CredType: "cred/munge",
    StateSaveLocation: at("state"),
    SlurmdSpoolDir: at("spool"),
    SlurmctldPidFile: at("slurmctld.pid"),
    SlurmdPidFile: at("slurmd.pid"),
    SlurmctldLogFile: at("slurmctld.log"),
    SlurmdLogFile: at("slurmd.log"),
    ProctrackType: "proctrack/linuxproc",
    TaskPlugin: "task/none",
    SelectType: "select/cons_tres",
    SlurmdParameters: "config_overrides",
    ReturnToService: 2,
    KillWait: 1,
    MinJobAge: 600,
  };
  const text = Object.entries(lines).map(([key, value]) => `${key}=${value}\n`);
  text.push(
    `NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=${Math.max(TASKS, cpus().length)} State=UNKNOWN\n`,
  );
  text.push(`PartitionName=all Nodes=${hostname()} Default=YES MaxTime=INFINITE State=UP\n`);
  writeFileSync(at("slurm.conf"), text.join(""));
  process.env.SLURM_CONF = at("slurm.conf");
  daemon(
    "munged",
    "--foreground",
    "--force",
    `--key-file=${at("munge.key")}`,
    `--socket=${at("munge.socket")}`,
    `--pid-file=${at("munged.pid")}`,
    `--log-file=${at("munged.log")}`,
    `--seed-file=${at("munged.seed")}`,
  );
  await until("munged answers", () => existsSync(at("munge.socket")));
  daemon("slurmctld", "-D", "-i");
  daemon("slurmd", "-D");
  await until("the node is idle", () => /idle/.test(output("sinfo", "--noheader", "--format=%t")));
}

/** Ends when all tasks are done, the second of them killed after its first part. */
async function labelInArray() {
  const command = `${vit8.join(" ")} label ${at("pictures")} -o ${folder}/part-$SLURM_ARRAY_TASK_ID.jsonl --device cpu --resume || [ $? -eq 3 ]`;
  writeFileSync(at("label.sh"), `#!/bin/bash\n${command}\n`);
  const options = [
    "--parsable",
    `--array=0-${TASKS - 1}`,
    "--requeue",
    `--output=${folder}/task-%a.log`,
    "--open-mode=append",
  ];
  const job = output("sbatch", ...options, at("label.sh")).trim();
  await until("a task has a part", () => existsSync(at("part-1.jsonl.parts", "00000000.jsonl")));
  output("scontrol", "requeue", `${job}_1`);
  await until("the tasks are done", () =>
    output("squeue", "--noheader", "--states=all", "--format=%T")
      .trim()
      .split("\n")
      .every((state) => state === "COMPLETED"),
  );
  const said = readFileSync(at("task-1.log"), "utf8");
  if (said.split("vit8: shard 1/4").length !== 3) throw new Error(`task 1 was not started twice:\n${said}`);
}

/** @param {string} program @param {string[]} args */
function daemon(program, ...args) {
  daemons.push(spawn(`/usr/sbin/${program}`, args, { stdio: "ignore" }));
}

/** @param {string} program @param {string[]} args */
function output(program, ...args) {
  return execFileSync(program, args, { encoding: "utf8" });
}

/** Exit code 3: some images are damaged. @param {string[]} args */
function label(...args) {
  const { status } = spawnSync(vit8[0], [vit8[1], "label", ...args], { stdio: "inherit" });
  if (status !== 3) throw new Error(`vit8 label: expected exit code 3, got ${status}`);
}

/** @param {string} what @param {() => boolean} holds */
async function until(what, holds) {
  for (let tries = 0; tries < 600; tries++) {
    try {
      if (holds()) return;
    } catch {}
    await sleep(500);
  }
  for (const log of ["munged.log", "slurmctld.log", "slurmd.log"])
    if (existsSync(at(log)))
      console.error(`${log}:\n${readFileSync(at(log), "utf8").split("\n").slice(-15).join("\n")}`);
  throw new Error(`Slurm: waited in vain until ${what}`);
}
