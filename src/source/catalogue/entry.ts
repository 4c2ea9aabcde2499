/** @file Keeps the names of a message's holes in the type of its catalogue entry. */
import type { Entry, ProgramEntry } from "../diagnostic.ts";

export const entry = <K extends string>(definition: Entry<K>): Entry<K> => definition;
export const programEntry = <K extends string>(definition: ProgramEntry<K>): ProgramEntry<K> => definition;
