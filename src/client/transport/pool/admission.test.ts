import { describe, expect, it } from "vitest";
import { Admission } from "./admission.ts";

describe("admission", () => {
  it("lets so many through at once, and the others in the order they came", async () => {
    const admission = new Admission({ maxInFlight: 2, maxQueued: 3 });
    const order: number[] = [];
    const places = [1, 2, 3, 4, 5].map((number) => {
      const place = admission.enter();
      void place.turn?.then(() => order.push(number));
      return place;
    });
    expect(places.map(({ turn }) => turn === undefined)).toEqual([true, true, false, false, false]);
    expect(() => admission.enter()).toThrow(
      expect.objectContaining({
        code: "overloaded",
        message: expect.stringContaining("2 inferences run here and 3 wait") as string,
        details: { accepted: false },
      }),
    );
    places[1]?.leave();
    places[1]?.leave(); // twice is once
    await places[2]?.turn;
    expect(order).toEqual([3]);
    places[3]?.leave(); // gave up while it waited
    places[0]?.leave();
    await places[4]?.turn;
    expect(order).toEqual([3, 5]);
    places[2]?.leave();
    places[4]?.leave();
    const again = [admission.enter(), admission.enter(), admission.enter()];
    expect(again.map(({ turn }) => turn === undefined)).toEqual([true, true, false]);
  });

  it("has no limit unless it is given one, and takes no number that is none", () => {
    const admission = new Admission();
    for (let call = 0; call < 1000; call += 1) expect(admission.enter().turn).toBeUndefined();
    for (const options of [{ maxInFlight: 0 }, { maxInFlight: 1.5 }, { maxQueued: -1 }]) {
      expect(() => new Admission(options)).toThrow(expect.objectContaining({ code: "request-invalid" }));
    }
  });
});
