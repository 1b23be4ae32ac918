// A byte of a channel as the model's input: (byte * rescale - mean) / std, written as byte * scale + offset.

export type Channels = readonly [red: number, green: number, blue: number];

export interface Normalisation {
  readonly rescale: number;
  readonly mean: Channels;
  readonly std: Channels;
}

/** Per channel, f64: value = byte * scale + offset = int8 * scale + int8Offset, where int8 = byte - 128. */
export interface Affine {
  readonly scale: Channels;
  readonly offset: Channels;
  readonly int8Offset: Channels;
}

export function affineOf({ rescale, mean, std }: Normalisation): Affine {
  const scale = std.map((s) => rescale / s);
  const offset = std.map((s, c) => -mean[c] / s);
  return {
    scale: asChannels(scale),
    offset: asChannels(offset),
    int8Offset: asChannels(scale.map((s, c) => 128 * s + offset[c])),
  };
}

const asChannels = ([red, green, blue]: number[]): Channels => [red, green, blue];
