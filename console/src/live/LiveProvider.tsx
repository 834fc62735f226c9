/** Binds the live link, the book of incidents and the alarm tone to the page, for roles that see the queue. */
import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { API, client } from "../api/client";
import type { Incident } from "../api/types";
import { Sounder, type SoundState } from "../media/Sounder";
import { IncidentBook, isOpen } from "./book";
import { EventLink, type LinkState } from "./eventLink";

interface Live {
  book: IncidentBook;
  link: LinkState;
  sound: SoundState;
  armSound: () => void;
  muteSound: () => void;
}

const LiveContext = createContext<Live | null>(null);
/** The list is one snapshot; a queue longer than this is beyond any operator. */
const SNAPSHOT_LIMIT = 500;

async function snapshot(signal: AbortSignal) {
  const answer = await client.incidents("open", SNAPSHOT_LIMIT, undefined, signal);
  if (answer.kind === "ok") return answer.value;
  return answer.kind === "error" && answer.problem.status === 401 ? "signed_out" : "failed";
}

function openEvents(lastSeq: number, signal: AbortSignal): Promise<Response> {
  return fetch(`${API}/events`, {
    headers: { accept: "text/event-stream", "Last-Event-ID": String(lastSeq) },
    credentials: "same-origin",
    cache: "no-store",
    signal,
  });
}

export function LiveProvider({ onSignedOut, children }: { onSignedOut: () => void; children: ReactNode }) {
  const queries = useQueryClient();
  const [book] = useState(() => new IncidentBook());
  const [link, setLink] = useState<LinkState>({ phase: "connecting", lastByteMs: null, failures: 0 });
  const [sound, setSound] = useState<SoundState>("off");
  const [sounder] = useState(() => new Sounder(setSound));
  // The link lives as long as the shell: a new callback must not tear it down.
  const signedOut = useRef(onSignedOut);
  signedOut.current = onSignedOut;

  useEffect(() => {
    const take = (incident: Incident, seq: number) => {
      const fresh = book.apply(incident, seq);
      if (fresh) sounder.announce(incident.level);
      void queries.invalidateQueries({ queryKey: ["incident", incident.id] });
      if (!isOpen(incident)) void queries.invalidateQueries({ queryKey: ["incidents", "closed"] });
    };
    const eventLink = new EventLink(
      { snapshot, open: openEvents, now: () => Date.now() },
      {
        onState: setLink,
        onSnapshot: (list) => {
          book.reset(list.incidents, list.as_of_seq);
          void queries.invalidateQueries({ queryKey: ["incident"] });
        },
        onIncident: take,
        onGone: (id) => {
          book.forget(id);
          void queries.invalidateQueries({ queryKey: ["incident", id] });
        },
        onSignedOut: () => signedOut.current(),
      },
    );
    eventLink.start();
    return () => eventLink.stop();
  }, [book, sounder, queries]);

  const incidents = useSyncExternalStore(book.subscribe, book.view);
  const alarming = incidents.some((i) => i.level === 1 && i.state === "new");
  useEffect(() => sounder.setAlarming(alarming), [sounder, alarming]);

  const live = useMemo<Live>(
    () => ({
      book,
      link,
      sound,
      armSound: () => void sounder.arm(),
      muteSound: () => void sounder.disarm(),
    }),
    [book, link, sound, sounder],
  );
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("useLive outside LiveProvider");
  return live;
}

/** For parts that also exist for roles without a queue. */
export function useLiveIfAny(): Live | null {
  return useContext(LiveContext);
}

export function useIncidents(): readonly Incident[] {
  const { book } = useLive();
  return useSyncExternalStore(book.subscribe, book.view);
}
