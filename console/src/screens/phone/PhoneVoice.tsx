/**
 * The phone rings and shakes while this page is open, once somebody has tapped for it; and says in every state what it
 * does not do: a closed page or a locked phone is silent.
 */
import { BellFilled, BellOutlined } from "@ant-design/icons";
import { App } from "antd";
import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";
import { useViewer } from "../../api/session";
import type { Incident } from "../../api/types";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { seenAt } from "../../i18n/format";
import { useIncidents, useLive } from "../../live/LiveProvider";
import { PHONE_TONES } from "../../media/tones";
import { stepOf, tasksOf } from "./order";
import { nearEnd, type Ring, ringOf, SHAKES } from "./ring";
import { useDeeds } from "./useDeeds";

/** As often as the siren of the alarm sounds. */
const SHAKE_AGAIN_MS = 5_000;
const SHOWN_S = 12;
const RED = 1;

const canShake = typeof navigator !== "undefined" && typeof navigator.vibrate === "function";

export function PhoneVoice() {
  const { unit } = useViewer();
  return unit === undefined ? null : <Voice unit={unit} />;
}

function Voice({ unit }: { unit: string }) {
  const { t } = useSpeech();
  const { book, sound, sounder } = useLive();
  const { notification } = App.useApp();
  const navigate = useNavigate();
  const { deeds } = useDeeds();
  const incidents = useIncidents();
  const now = useNow();
  const armed = sound.kind === "armed";

  const tell = (ring: Ring, incident: Incident) => {
    sounder.ring(PHONE_TONES[ring]);
    if (armed && canShake) navigator.vibrate([...SHAKES[ring]]);
    const key = `ring-${incident.id}`;
    notification[ring === "recalled" ? "info" : "warning"]({
      key,
      title: `${t.phone.ring.news[ring]} #${incident.number}`,
      description: `${incident.area_name} ${seenAt(incident)}`,
      duration: SHOWN_S,
      onClick: () => {
        notification.destroy(key);
        if (ring !== "recalled") navigate(`/incidents/${incident.id}`);
      },
    });
  };
  const latest = useRef({ tell, returned: new Set<number>() });
  latest.current.tell = tell;
  // What was given back from here is no news here.
  for (const deed of deeds) {
    if (deed.action === "return" && deed.sent) latest.current.returned.add(deed.incident);
  }

  const known = useRef<ReadonlyMap<number, Incident> | null>(null);
  useEffect(() => {
    if (!book.loaded()) return;
    const before = known.current;
    const after = new Map(incidents.map((one) => [one.id, one]));
    known.current = after;
    // What was there when the page was opened is on the page.
    if (before === null) return;
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      const ring = ringOf(before.get(id), after.get(id), unit);
      const incident = after.get(id) ?? before.get(id);
      if (ring === null || incident === undefined) continue;
      const isOwnDoing = ring === "recalled" && latest.current.returned.delete(id);
      if (!isOwnDoing) latest.current.tell(ring, incident);
    }
  }, [incidents, book, unit]);

  const warned = useRef(new Set<string>());
  useEffect(() => {
    for (const incident of incidents) {
      const step = nearEnd(incident, unit, now);
      if (step === null || warned.current.has(step)) continue;
      warned.current.add(step);
      latest.current.tell("due", incident);
    }
  }, [incidents, unit, now]);

  // What is red rings until somebody of the unit has signed in to it.
  const ringing = tasksOf(incidents, unit).todo.some(
    (one) => one.level === RED && stepOf(one, unit) === "sign_in",
  );
  useEffect(() => sounder.setAlarming(ringing), [sounder, ringing]);
  const shaking = ringing && armed && canShake;
  useEffect(() => {
    if (!shaking) return;
    const again = setInterval(() => navigator.vibrate([...SHAKES.told]), SHAKE_AGAIN_MS);
    return () => clearInterval(again);
  }, [shaking]);

  const words = t.phone.ring;
  return (
    <div className={armed ? "ring ring-on" : "ring ring-off"} data-testid="ring">
      <button
        type="button"
        aria-pressed={armed}
        onClick={() => void (armed ? sounder.disarm() : sounder.arm())}
      >
        {armed ? <BellFilled aria-hidden="true" /> : <BellOutlined aria-hidden="true" />}{" "}
        {armed ? words.on(canShake) : words.arm(canShake)}
      </button>
      <span>{sound.kind === "blocked" && sound.refused ? words.refused : words.onlyOpen}</span>
    </div>
  );
}
