export const model = "../../models/everyday80/";
export const samples = ["ladybug", "orange", "pizza", "school-bus", "king-penguin"];
export const sampleAddress = (name: string) => `../classify/samples/${name}.svg`;
