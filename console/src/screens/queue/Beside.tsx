/** Above the list: where the centre is blind, and at which consoles an alarm would not be heard. Nothing when all is well. */
import { EyeInvisibleOutlined, MutedOutlined, SoundOutlined } from "@ant-design/icons";
import { useState } from "react";
import { Link } from "react-router";
import { isNoisy } from "../../api/noise";
import type { BlindCamera, DeafConsole } from "../../api/types";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age } from "../../i18n/format";
import { useLive } from "../../live/LiveProvider";
import { useNoise } from "../noise/useNoise";
import "../noise/noise.css";
import "./beside.css";

type Unfolded = "blind" | "deaf" | null;

export function Beside() {
  const { t } = useSpeech();
  const { blind, deaf } = useLive().beside;
  const [open, setOpen] = useState<Unfolded>(null);
  const toggle = (which: Unfolded) => setOpen(open === which ? null : which);
  const noise = useNoise();
  const noisy = noise?.sources.filter(isNoisy) ?? [];
  const isLoud = noise !== undefined && (noise.over || noisy.length > 0);
  if (blind.n === 0 && deaf.length === 0 && !isLoud) return null;
  return (
    <div className="beside">
      <div className="beside-heads">
        {blind.n > 0 && (
          <button
            type="button"
            className="beside-head beside-blind"
            title={t.beside.blind.hint}
            aria-expanded={open === "blind"}
            onClick={() => toggle("blind")}
          >
            <EyeInvisibleOutlined />
            <b>{t.beside.blind.title(blind.n)}</b>
            <span className="beside-names">
              {blind.cameras.map((one) => one.camera_name).join(t.beside.and)}
            </span>
          </button>
        )}
        {deaf.length > 0 && (
          <button
            type="button"
            className="beside-head beside-deaf"
            aria-expanded={open === "deaf"}
            onClick={() => toggle("deaf")}
          >
            <MutedOutlined />
            <b>{t.beside.deaf.title(deaf.length)}</b>
            <span className="beside-names">
              {deaf
                .map((one) => `${one.person.name} ${t.beside.deaf.why[one.why] ?? one.why}`)
                .join(t.beside.and)}
            </span>
          </button>
        )}
        {isLoud && (
          <Link className="beside-head beside-noisy" to="/noise" title={t.noise.hint}>
            <SoundOutlined />
            <b>
              {noisy.length > 0
                ? t.noise.sources(noisy.length)
                : t.noise.centre(noise.incidents_last_hour, noise.budget.centre_per_hour)}
            </b>
            <span className="beside-names">
              {[...new Set(noisy.map((one) => one.camera_name))].join(t.beside.and)}
            </span>
          </Link>
        )}
      </div>
      {open === "blind" && blind.n > 0 && (
        <ol className="beside-list">
          {blind.cameras.map((one) => (
            <BlindRow key={one.camera} one={one} />
          ))}
          {blind.n > blind.cameras.length && (
            <li className="muted">{t.beside.blind.more(blind.n - blind.cameras.length)}</li>
          )}
        </ol>
      )}
      {open === "deaf" && deaf.length > 0 && (
        <ol className="beside-list">
          {deaf.map((one) => (
            <DeafRow key={`${one.person.id}-${one.since_ms}`} one={one} />
          ))}
        </ol>
      )}
    </div>
  );
}

/** The ticket itself is the technicians'; its number is what one asks them by. */
function BlindRow({ one }: { one: BlindCamera }) {
  const { t } = useSpeech();
  const now = useNow();
  return (
    <li>
      <Link to={`/cameras/${encodeURIComponent(one.camera)}`} title={t.beside.blind.look}>
        <b>{one.camera_name}</b>
      </Link>
      <span className="muted">{one.area_name}</span>
      <span>{t.tickets.kind[one.kind] ?? one.kind}</span>
      <span>{t.beside.blind.since(age(t, now - one.since_ms))}</span>
      <span className="muted">{t.beside.blind.ticket(one.ticket)}</span>
      <span className={one.acknowledged_by === undefined ? "beside-untaken" : "muted"}>
        {one.acknowledged_by === undefined
          ? t.beside.blind.unknown
          : t.beside.blind.known(one.acknowledged_by)}
      </span>
    </li>
  );
}

function DeafRow({ one }: { one: DeafConsole }) {
  const { t, time } = useSpeech();
  const now = useNow();
  return (
    <li title={t.beside.deaf.whyHint[one.why]}>
      <b>{one.person.name}</b>
      <span className="muted">{one.areas.join(t.beside.and)}</span>
      <span className="beside-untaken">{t.beside.deaf.why[one.why] ?? one.why}</span>
      <span>{t.beside.deaf.since(age(t, now - one.since_ms))}</span>
      <span className="muted">
        {time.minute(one.since_ms)}
        {one.until_ms !== undefined && ` ${t.beside.deaf.until(time.minute(one.until_ms))}`}
      </span>
    </li>
  );
}
