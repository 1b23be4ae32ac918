/** The pixels at an address, upright, straight alpha, no color profile applied; an SVG at the browser's size for it. */
export async function bitmapOf(address: string): Promise<ImageBitmap> {
  const image = new Image();
  image.src = address;
  await image.decode();
  const asStored = { premultiplyAlpha: "none", colorSpaceConversion: "none" } as const;
  return createImageBitmap(image, asStored).catch(() => {
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    canvas.getContext("2d")!.drawImage(image, 0, 0);
    return createImageBitmap(canvas);
  });
}
