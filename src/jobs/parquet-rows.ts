// Rows as Parquet, a thousand in memory at a time.

import { groupsOf } from "../classifier/in-order.ts";
import { Vit8Error } from "../errors/errors.ts";
import { needed } from "./package.ts";
import { openParquet } from "./parquet-file.ts";
import { metadataOf, type Row, type RowFormat } from "./row.ts";

const ROW_GROUP = 1024;
const KEY = "vit8";

type Element = { name: string; type?: string; repetition_type?: string; [more: string]: unknown };

const list = (name: string, element: object): Element[] => [
  {
    name,
    repetition_type: "OPTIONAL",
    num_children: 1,
    converted_type: "LIST",
    logical_type: { type: "LIST" },
  },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  { name: "element", repetition_type: "OPTIONAL", ...element },
];
const text = { type: "BYTE_ARRAY", converted_type: "UTF8" };

const SCHEMA: readonly Element[] = [
  { name: "row", type: "INT32", repetition_type: "REQUIRED" },
  { name: "key", repetition_type: "REQUIRED", ...text },
  ...list("labels", text),
  ...list("indices", { type: "INT32" }),
  ...list("scores", { type: "FLOAT" }),
  { name: "width", type: "INT32", repetition_type: "OPTIONAL" },
  { name: "height", type: "INT32", repetition_type: "OPTIONAL" },
  { name: "error", repetition_type: "OPTIONAL", ...text },
];
const COLUMNS = ["row", "key", "labels", "indices", "scores", "width", "height", "error"] as const;

export const parquet: RowFormat = {
  async write(file, rows, metadata) {
    const { ParquetWriter, fileWriter } = await needed(
      "hyparquet-writer",
      file,
      () => import("hyparquet-writer"),
    );
    const embedding = metadata.embedding ? list("embedding", { type: "FLOAT" }) : [];
    const children = COLUMNS.length + (metadata.embedding ? 1 : 0);
    const writer = new ParquetWriter({
      writer: fileWriter(file),
      schema: [{ name: "root", num_children: children }, ...SCHEMA, ...embedding] as never,
      kvMetadata: [{ key: KEY, value: JSON.stringify(metadata) }],
      createdBy: `vit8 ${metadata.vit8}`,
    });
    for await (const group of groupsOf(rows, ROW_GROUP)) {
      const columnData = COLUMNS.map((name) => ({ name, data: group.map((row) => row[name] ?? null) }));
      const vectors = metadata.embedding ? [{ name: "embedding", data: group.map(vectorOf) }] : [];
      await writer.write({ columnData: [...columnData, ...vectors] as never, rowGroupSize: ROW_GROUP });
    }
    await writer.finish();
  },
  async *read(file, { embedding }) {
    const opened = await openParquet(file);
    for await (const group of opened.rows([...COLUMNS, ...(embedding ? ["embedding"] : [])], ROW_GROUP))
      yield* group.map(rowOfRecord);
  },
  async readMetadata(file) {
    const { metadata } = await openParquet(file);
    if (metadata.has(KEY)) return metadataOf(metadata.get(KEY), file);
    throw new Vit8Error(
      `${file}: expected a file that \`vit8 label\` has written, got another Parquet file.`,
    );
  },
};

const vectorOf = ({ embedding }: Row) => (embedding ? Array.from(embedding) : null);

function rowOfRecord(record: Record<string, unknown>): Row {
  const { embedding, width, height, error, ...rest } = record;
  return {
    ...(rest as unknown as Row),
    ...(embedding != null && { embedding: Float32Array.from(embedding as number[]) }),
    ...(width != null && { width: width as number, height: height as number }),
    ...(error != null && { error: error as string }),
  };
}
