import type { ReactNode } from "react";

interface Props {
  /** Of the incident. */
  id: number;
  onOpen: (id: number) => void;
  children: ReactNode;
}

/**
 * The word of a row that opens its incident with one touch, where there is no key and no second click. No link: an option
 * may hold nothing that takes the focus, and Enter opens it.
 */
export function OpenWord({ id, onOpen, children }: Props) {
  return (
    <span
      className="row-open"
      onClick={(event) => {
        event.stopPropagation();
        onOpen(id);
      }}
      onAuxClick={(event) => event.button === 1 && window.open(`/incidents/${id}`)}
    >
      {children}
    </span>
  );
}
