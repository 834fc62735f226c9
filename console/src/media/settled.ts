/** Until a source buffer has taken, or let go of, what it was told to. */
export function settled(buffer: SourceBuffer): Promise<void> {
  if (!buffer.updating) return Promise.resolve();
  return new Promise((resolve) => buffer.addEventListener("updateend", () => resolve(), { once: true }));
}
