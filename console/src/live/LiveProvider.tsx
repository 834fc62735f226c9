/** Binds the live link, the book of incidents and the alarm tone to the page, for roles that see the queue. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
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
import { centreQuery } from "../api/centre";
import { API } from "../api/client";
import { desk } from "../api/desk";
import type { BlindCameras, DeafConsole, Incident } from "../api/types";
import { Sounder, type SoundState } from "../media/Sounder";
import { IncidentBook } from "./book";
import { EventLink, type LinkState, openAt } from "./eventLink";
import { queueSnapshot } from "./queueSnapshot";
import { tellLink } from "./reach";
import { FOUND, Renewal, staleLists } from "./renewal";
import { SoundGroups } from "./soundGroups";

/** What stands beside the queue, told whole each time. */
export interface Beside {
  /** Consoles of others whose alarm would not be heard. */
  deaf: readonly DeafConsole[];
  /** Cameras that may raise red alarms and see nothing. */
  blind: BlindCameras;
}

interface Live {
  beside: Beside;
  book: IncidentBook;
  link: LinkState;
  sound: SoundState;
  sounder: Sounder;
}

const LiveContext = createContext<Live | null>(null);
const snapshot = (signal: AbortSignal) => queueSnapshot(desk.find, signal);

const NOTHING_BESIDE: Beside = { deaf: [], blind: { n: 0, cameras: [] } };

interface Props {
  onSignedOut: () => void;
  /** The pages inside say themselves what is worth a sound. */
  silent?: boolean;
  children: ReactNode;
}

export function LiveProvider({ onSignedOut, silent = false, children }: Props) {
  const queries = useQueryClient();
  const [book] = useState(() => new IncidentBook());
  const [link, setLink] = useState<LinkState>({ phase: "connecting", lastByteMs: null, failures: 0 });
  const [sound, setSound] = useState<SoundState>({ kind: "blocked", wanted: false, refused: false });
  const [beside, setBeside] = useState(NOTHING_BESIDE);
  const [sounder] = useState(() => new Sounder(setSound));
  const [groups] = useState(() => new SoundGroups());
  useEffect(() => setSound(sounder.state()), [sounder]);
  // The link lives as long as the shell: a new callback must not tear it down.
  const signedOut = useRef(onSignedOut);
  signedOut.current = onSignedOut;

  useEffect(() => {
    const renewal = new Renewal((queryKey) => void queries.invalidateQueries({ queryKey }));
    const take = (incident: Incident, seq: number) => {
      const before = book.get(incident.id);
      const wasEscalated = (before?.escalated ?? 0) > 0;
      const fresh = book.apply(incident, seq);
      if (fresh && !silent && groups.isWorthASound(incident, Date.now())) sounder.announce(incident.level);
      void queries.invalidateQueries({ queryKey: ["incident", incident.id] });
      // Told, told again, seen or moved: what waits for this person may be another.
      if (incident.escalated > 0 || wasEscalated)
        void queries.invalidateQueries({ queryKey: ["escalations"] });
      renewal.want(staleLists(before, incident));
    };
    const forget = (id: number) => {
      book.forget(id);
      void queries.invalidateQueries({ queryKey: ["incident", id] });
    };
    const eventLink = new EventLink(
      { snapshot, open: openAt(`${API}/events`), now: () => Date.now() },
      {
        onState: (state) => {
          setLink(state);
          tellLink(state.phase !== "live" && state.failures > 0);
        },
        onSnapshot: (list) => {
          book.reset(list.incidents, list.as_of_seq, list.next_cursor);
          void queries.invalidateQueries({ queryKey: ["incident"] });
          // Of the open ones the book has kept only what the snapshot holds: what was found beyond is found again.
          void queries.invalidateQueries({ queryKey: FOUND });
        },
        onEvent: (event, data, seq) => {
          if (event === "incident") take(data as Incident, seq);
          if (event === "gone") forget((data as { id: number }).id);
          if (event === "consoles") setBeside((now) => ({ ...now, deaf: data as DeafConsole[] }));
          if (event === "blind") setBeside((now) => ({ ...now, blind: data as BlindCameras }));
        },
        onSignedOut: () => signedOut.current(),
      },
    );
    eventLink.start();
    return () => {
      eventLink.stop();
      renewal.stop();
      tellLink(false);
    };
  }, [book, sounder, groups, queries, silent]);

  const quiet_s = useQuery({ ...centreQuery, staleTime: 60_000 }).data?.again_s;
  useEffect(() => {
    if (quiet_s !== undefined) book.quietMs = quiet_s * 1_000;
  }, [book, quiet_s]);

  // Once it is live again, nothing on any screen may be from before.
  const down = link.phase === "reconnecting";
  const wasDown = useRef(false);
  useEffect(() => {
    if (!down && wasDown.current) void queries.invalidateQueries();
    wasDown.current = down;
  }, [down, queries]);

  const incidents = useSyncExternalStore(book.subscribe, book.view);
  const alarming = incidents.some((i) => i.level === 1 && i.state === "new");
  useEffect(() => {
    if (!silent) sounder.setAlarming(alarming);
  }, [sounder, alarming, silent]);

  const live = useMemo<Live>(
    () => ({ beside, book, link, sound, sounder }),
    [beside, book, link, sound, sounder],
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
