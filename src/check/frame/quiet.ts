/** @file A frame for trying something out: nothing that happens in it is reported or required of the caller. */
import type { Frame } from "./frame.ts";
import { World } from "./world.ts";

export function quiet(frame: Frame): Frame {
  const { choices, assumptions, facts } = frame.world;
  const strategy = { ...frame.strategy, open: () => undefined };
  return { ...frame, world: new World(choices, assumptions, facts), strategy, origins: undefined };
}
