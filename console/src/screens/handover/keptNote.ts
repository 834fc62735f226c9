/** What the leaver has written and not signed yet: it outlives a red alarm on another page, and belongs to one account. */

type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const keyOf = (account: number) => `sharpeyes.handover-note.${account}`;

export function readNote(shelf: () => Shelf, account: number): string {
  // A browser that keeps nothing refuses even to be asked.
  try {
    return shelf().getItem(keyOf(account)) ?? "";
  } catch {
    return "";
  }
}

export function keepNote(shelf: () => Shelf, account: number, note: string): void {
  try {
    if (note === "") shelf().removeItem(keyOf(account));
    else shelf().setItem(keyOf(account), note);
  } catch {
    // The note is still on the page.
  }
}
