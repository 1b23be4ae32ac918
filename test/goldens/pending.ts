/** Models whose family is not there yet: remove a line when it loads. */
export const PENDING: readonly string[] = [];
