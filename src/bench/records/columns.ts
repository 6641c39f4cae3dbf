/** Numbers that grow by one at a time, at 8 bytes each. */
export class Column {
  #values = new Float64Array(1024);
  #length = 0;

  /** Adds a number at the end. */
  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  get length(): number {
    return this.#length;
  }

  /** What was pushed so far. */
  values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}
