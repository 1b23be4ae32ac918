// Rows as CSV (RFC 4180): one column for each label, index and score; an embedding as a JSON array.

import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Metadata, Row, RowFormat } from "./row.ts";

export const csv: RowFormat = {
  async write(file, rows, metadata) {
    const records = async function* () {
      yield record(headings(metadata));
      for await (const row of rows) yield record(cellsOf(row, metadata));
    };
    await pipeline(records, createWriteStream(file, { flush: true }));
  },
  async *read(file, metadata) {
    let first = true;
    for await (const cells of recordsOf(createReadStream(file, "utf8"))) {
      if (!first) yield rowOfCells(cells, metadata);
      first = false;
    }
  },
};

const places = ({ topK }: Metadata) => Array.from({ length: topK }, (_, i) => i);

function headings(metadata: Metadata): string[] {
  const classes = places(metadata).flatMap((i) => [`label${i + 1}`, `index${i + 1}`, `score${i + 1}`]);
  return ["row", "key", ...classes, "width", "height", "error", ...(metadata.embedding ? ["embedding"] : [])];
}

function cellsOf(row: Row, metadata: Metadata): string[] {
  const { labels, indices, scores, embedding } = row;
  const number = (value: number | undefined) => (value === undefined ? "" : String(value));
  const classes = places(metadata).flatMap((i) => [
    text(labels[i] ?? ""),
    number(indices[i]),
    number(scores[i]),
  ]);
  const vector = metadata.embedding ? [embedding ? JSON.stringify(Array.from(embedding)) : ""] : [];
  const size = [number(row.width), number(row.height)];
  return [number(row.row), text(row.key), ...classes, ...size, text(row.error ?? ""), ...vector];
}

/** A spreadsheet would run a text that begins with one of these; after an apostrophe it does not (OWASP, CSV Injection). */
const text = (value: string) => (/^'*[=+\-@\t\r]/.test(value) ? `'${value}` : value);
const plain = (cell: string) => cell.replace(/^'(?='*[=+\-@\t\r])/, "");

function record(cells: readonly string[]): string {
  const quoted = cells.map((cell) =>
    /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
  );
  return `${quoted.join(",")}\r\n`;
}

function rowOfCells(cells: readonly string[], metadata: Metadata): Row {
  const classes = cells.slice(2, 2 + 3 * metadata.topK);
  const column = (offset: number) =>
    classes.filter((_, i) => i % 3 === offset && classes[i - offset + 1] !== "");
  const [width, height, error, embedding] = cells.slice(2 + 3 * metadata.topK);
  return {
    row: Number(cells[0]),
    key: plain(cells[1]),
    labels: column(0).map(plain),
    indices: column(1).map(Number),
    scores: column(2).map(Number),
    ...(embedding && { embedding: Float32Array.from(JSON.parse(embedding)) }),
    ...(width && { width: Number(width), height: Number(height) }),
    ...(error && { error: plain(error) }),
  };
}

/** The cells of each record without quotes; a quoted cell may contain line breaks. */
async function* recordsOf(chunks: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let rest = "";
  for await (const chunk of chunks) {
    rest += chunk;
    // A record is whole where the quotes before its end are even.
    let begin = 0;
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n", end + 2)) {
      const line = rest.slice(begin, end);
      if ((line.match(/"/g)?.length ?? 0) % 2) continue;
      yield recordsIn(line)[0].cells;
      begin = end + 2;
    }
    rest = rest.slice(begin);
  }
}

/** A record, and the line that it begins in, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A cell and what ends it; quotes within a bare cell belong to its text. */
const CELL = /(?:"([^"]*(?:""[^"]*)*)"|([^,\n]*?))(,|\r?\n|$)/y;

/** The records of a text without a line break at its end; lines may end in CRLF or LF. */
export function recordsIn(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let [line, next] = [1, 1];
  CELL.lastIndex = 0;
  for (let end: string | undefined; end !== ""; ) {
    const [whole, quoted, bare, ending] = CELL.exec(text)!;
    cells.push(quoted?.replaceAll('""', '"') ?? bare);
    next += whole.split("\n").length - 1;
    end = ending;
    if (end === ",") continue;
    records.push({ line, cells });
    cells = [];
    line = next;
  }
  return records;
}
