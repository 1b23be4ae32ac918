// Shared by both passes of the resize: their positions, and Pillow's fixed-point rounding.

// An image is resized strip by strip (its rows in the texture) and band by band (its rows in `narrow`).
struct Resize {
  strip_rows: u32, // image rows in the texture
  panel_rows: u32, // texture rows from one panel to the next
  strip_start: u32, // row of `narrow` that the strip's first row becomes
  column_taps: u32,
  row_taps: u32,
  row_table: u32, // where the rows' table begins in `tables`
  band_start: u32, // row of the table's image that is row 0 of `narrow`
  patch_start: u32, // the patches [patch_start, patch_end) that the band makes
  patch_end: u32,
  first_row: u32, // of this image's patches: images of a batch and their prefix tokens are before it
}

// An image row wider than a texture continues in the next panel below: 8192 = 1 << 13 texels each.
const PANEL_SHIFT: u32 = 13;

const HALF: i32 = 1 << 21;

// 22-bit fixed point to bytes, halves up, clipped.
fn to_bytes(sum: vec3<i32>) -> vec3<u32> {
  return vec3<u32>(clamp((sum + HALF) >> vec3<u32>(22), vec3<i32>(0), vec3<i32>(255)));
}
