#!/usr/bin/env bash
# Measures vit8 on this machine's GPU, with Node alone, and writes JSON, tables and plots to a folder: see gpu.md.
# bench/gpu.sh [FOLDER]
set -euo pipefail
out=$(mkdir -p "${1:-bench-results}" && cd "${1:-bench-results}" && pwd)
cd "$(dirname "$0")/.."
models=${MODELS:-ti s b}
batches=${BATCHES:-1 8 32}
sizes=${SIZES:-224 320 448 640 1024}

vit8() { node scripts/vit8.mjs "$@"; }
commas() { echo "${*// /,}"; }
# A row that a machine has no memory or patience for does not end the others.
measure() {
  echo "== $1" >&2
  if vit8 bench "${@:2}" --json >"$out/$1.json.part"; then mv "$out/$1.json.part" "$out/$1.json"; else echo "$1: left out" >&2; fi
}

vit8 --help >/dev/null # installs what is missing
if [ "${PEER:-1}" = 1 ]; then npm i --no-save --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 >&2; fi

quick=${QUICK:+--quick}
measure batch $quick --models "$(commas "$models")" --batch "$(commas "$batches")"
measure width $quick --models ti,s,b,l --batch 1
measure size $quick --models ti --batch 1 --size "$(commas "$sizes")"
measure cpu $quick --device cpu --models "$(commas "$models")" --batch 1,8
# Never quick, which leaves out all but the largest shapes.
for model in $models; do measure "kernels-$model" --kernels --models "$model" --batch 1; done
if [ "${PEER:-1}" = 1 ]; then
  for model in $models; do for batch in $batches; do
    measure "peer-$model-$batch" $quick --peer ort --model "$model" --batch "$batch"
  done; done
fi
node bench/plots.mjs "$out"
