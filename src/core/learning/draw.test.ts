import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawInEpochs, drawPlaces } from "./draw.ts";

describe("drawing environments", () => {
  it("takes every member once before any is taken again", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (size, seed) => {
        for (const epoch of [0, 1]) {
          const drawn = drawInEpochs(size, epoch * size, (epoch + 1) * size, seed);
          expect([...drawn].sort((a, b) => a - b)).toEqual([...Array(size).keys()]);
        }
      }),
    );
  });

  it("goes on where the iteration before ended", () => {
    const members = (iteration: number) => drawPlaces(10, 4, iteration, 7).map(({ member }) => member);
    expect([...members(1), ...members(2), ...members(3)]).toEqual(drawInEpochs(10, 0, 12, 7));
  });

  it("numbers the trajectories of an environment that an iteration takes more than once", () => {
    const places = drawPlaces(3, 8, 1, 1);
    const twins = (member: number) =>
      places.filter((place) => place.member === member).map(({ twin }) => twin);
    expect([twins(0), twins(1), twins(2)].map(({ length }) => length).sort()).toEqual([2, 3, 3]);
    for (const member of [0, 1, 2]) expect(twins(member)).toEqual([...twins(member).keys()]);
  });
});
