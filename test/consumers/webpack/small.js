// Of the package only this function: the bundle is to hold no more.
import { pictureGeometry } from "vit8";

const resize = { mode: "shortest_edge", edge: 256 };
console.log(pictureGeometry({ resize, crop: { width: 224, height: 224 }, resample: "bicubic" }, 640, 480));
