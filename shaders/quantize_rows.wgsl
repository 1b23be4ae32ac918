// f32 rows to int8 with a scale per row and 16 bits for its outlier. One workgroup per row.
import package::lib::reduce::{THREADS, workgroup_greatest};
import package::lib::outlier::{Greatest, raised, of_lanes, limit_of, outlier_of, tells};
import package::lib::pack::{quantize_i8, inverse_scale};

struct Params { rows: u32, columns4: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;                    // [rows, columns]
@group(0) @binding(1) var<storage, read_write> out: array<u32>;                  // [rows, columns] int8
@group(0) @binding(2) var<storage, read_write> out_scale: array<f32>;            // [rows, 3]: see lib/outlier.wgsl
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.y * count.x + workgroup.x;
  if (row >= params.rows) { return; }
  let first = row * params.columns4;
  var own = Greatest();
  for (var c = thread; c < params.columns4; c += THREADS) { own = raised(own, x[first + c]); }
  let greatest = workgroup_greatest(thread, of_lanes(own));
  let limit = limit_of(greatest);
  let inverse = inverse_scale(limit);
  var outlier = vec2<f32>();
  for (var c = thread; c < params.columns4; c += THREADS) {
    out[first + c] = quantize_i8(x[first + c], inverse);
    outlier = outlier_of(outlier, x[first + c], inverse, c);
  }
  if (thread == 0u) { out_scale[3u * row] = limit / 127.0; }
  if (tells(outlier, thread == 0u, greatest, inverse)) {
    out_scale[3u * row + 1u] = outlier.x;
    out_scale[3u * row + 2u] = outlier.y;
  }
}
