/** Frames a second of all loops. */
export const FPS = 12;
