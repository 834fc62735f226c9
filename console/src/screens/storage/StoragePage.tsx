/** Does the disk hold out, and does every camera keep what the law asks? Worst first. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Empty } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { need } from "../../api/client";
import { recordings, type Storage, type StorageCamera } from "../../api/recordings";
import { screensOf, useViewer } from "../../api/session";
import { PageSearch } from "../../components/PageSearch";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { bytes } from "../../i18n/format";
import { DAY } from "../../timeline/scale";
import { barOf, keptDays, worstFirst } from "../../timeline/storage";
import { useCameraNames } from "./useCameraNames";
import "./storage.css";

const REFRESH_MS = 30_000;
const days = (n: number) => (n < 10 ? n.toFixed(1) : String(Math.round(n)));

export function StoragePage() {
  const { t } = useSpeech();
  const [words, setWords] = useState("");
  const nameOf = useCameraNames();
  const storage = useQuery({
    queryKey: ["storage"],
    queryFn: ({ signal }) => need(recordings.storage(signal)),
    refetchInterval: REFRESH_MS,
  });
  if (storage.isPending) return <Loading />;
  if (storage.isError)
    return <Trouble title={t.storage.failed} error={storage.error} onRetry={() => void storage.refetch()} />;
  const { data } = storage;
  const wanted = words.trim().toLowerCase();
  const rows = worstFirst(data.cameras).filter((row) =>
    `${nameOf(row.camera)} ${row.camera}`.toLowerCase().includes(wanted),
  );
  const below = data.cameras.filter((row) => row.is_below_floor).length;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t.storage.title}</h1>
        {below > 0 && (
          <span className="dot dot-bad">
            <i aria-hidden="true" />
            {t.storage.belowCount(below)}
          </span>
        )}
      </div>
      <ClockDoubt clock={data.clock} />
      {data.volumes.map((volume) => (
        <Volume
          key={volume.name}
          volume={volume}
          rows={data.cameras.filter((row) => row.disk === volume.name)}
          isAlone={data.volumes.length === 1}
        />
      ))}
      <div className="page-head">
        <h2>{t.storage.kept}</h2>
        <span className="grow" />
        <PageSearch words={words} label={t.storage.search} onChange={setWords} />
      </div>
      {rows.length === 0 ? (
        <Empty className="card stored" description={t.storage.empty} />
      ) : (
        <ol className="card stored">
          {rows.map((row) => (
            <Stored
              key={`${row.camera}-${row.stream}-${row.disk}`}
              row={row}
              name={nameOf(row.camera)}
              isOneOfSeveral={data.volumes.length > 1}
            />
          ))}
        </ol>
      )}
      <Deletions storage={data} nameOf={nameOf} />
    </div>
  );
}

/** While the wall clock is doubted nothing is deleted for its age; who keeps the system may say that it is right. */
function ClockDoubt({ clock }: { clock: Storage["clock"] }) {
  const { t, time } = useSpeech();
  const { role } = useViewer();
  const client = useQueryClient();
  const confirm = useMutation({
    mutationFn: () => need(recordings.confirmClock()),
    onSuccess: () => client.invalidateQueries({ queryKey: ["storage"] }),
  });
  if (clock.doubted_ahead_ms === null) return null;
  return (
    <section className="card panel volume" role="alert">
      <p className="remedy volume-remedy">
        {t.storage.clockDoubted(time.stamp(clock.trusted_ms), days(clock.doubted_ahead_ms / DAY))}
      </p>
      {role === "administrator" && (
        <Button loading={confirm.isPending} onClick={() => confirm.mutate()}>
          {t.storage.clockIsRight}
        </Button>
      )}
      {confirm.isError && <Trouble title={t.storage.failed} error={confirm.error} />}
    </section>
  );
}

/** One disk; with its name, where there are several. */
function Volume(props: { volume: Storage["volumes"][number]; rows: Storage["cameras"]; isAlone: boolean }) {
  const { volume, rows, isAlone } = props;
  const { t } = useSpeech();
  const { forecast } = volume;
  const isFine = volume.state === "ok";
  // A disk that is away has no size.
  const [total, free] = [volume.total_bytes ?? 0, volume.free_bytes ?? 0];
  const share = (n: number) => `${(n / Math.max(1, total)) * 100}%`;
  const other = Math.max(0, total - volume.recorded_bytes - free);
  const remedy = t.storage.remedy[volume.state];
  const kept = (tier: "base_bytes" | "incident_bytes" | "held_bytes") =>
    bytes(rows.reduce((sum, row) => sum + row[tier], 0));
  return (
    <section className="card panel volume" aria-label={isAlone ? undefined : t.storage.disk(volume.name)}>
      <p className="volume-head">
        {!isAlone && <b>{t.storage.disk(volume.name)}</b>}
        <span className={isFine ? "dot dot-good" : "dot dot-bad"}>
          <i aria-hidden="true" />
          {t.storage.state[volume.state] ?? volume.state}
        </span>
        <code>{volume.dir}</code>
        {volume.inodes_free !== null && (
          <span className="muted">{t.storage.inodes(volume.inodes_free.toLocaleString())}</span>
        )}
      </p>
      {!isFine && (
        <p className="remedy volume-remedy" role="alert">
          {remedy} {volume.detail !== "" && <code>{volume.detail}</code>}
        </p>
      )}
      <div className="volume-bar" role="img" aria-label={t.storage.total(bytes(total))}>
        <i className="volume-recorded" style={{ width: share(volume.recorded_bytes) }} />
        <i className="volume-other" style={{ width: share(other) }} />
      </div>
      <p className="volume-words">
        <span>
          <i className="volume-recorded" /> {t.storage.used} <b>{bytes(volume.recorded_bytes)}</b>
        </span>
        {other > total * 0.005 && (
          <span>
            <i className="volume-other" /> {t.storage.other} <b>{bytes(other)}</b>
          </span>
        )}
        <span>
          <i className="volume-free" /> {t.storage.free} <b>{bytes(free)}</b>
        </span>
        <span className="muted">{t.storage.total(bytes(total))}</span>
      </p>
      <p className="volume-words">
        <span>
          {t.storage.tierBase} <b>{kept("base_bytes")}</b>
        </span>
        <span>
          {t.storage.tierIncident} <b>{kept("incident_bytes")}</b>
        </span>
        <span>
          {t.storage.held} <b>{kept("held_bytes")}</b>
        </span>
      </p>
      <ul className="volume-forecast">
        <li>
          {forecast.full_in_days === null
            ? t.storage.fullNever
            : t.storage.fullIn(days(forecast.full_in_days))}
          <span className="muted"> · {t.storage.perDay(bytes(forecast.bytes_per_day))}</span>
        </li>
        {forecast.keeps_days !== null && <li>{t.storage.keeps(days(forecast.keeps_days))}</li>}
        <li className={forecast.is_enough ? undefined : "volume-short"}>
          {forecast.is_enough ? t.storage.enough : t.storage.shortfall(bytes(forecast.shortfall_bytes ?? 0))}
        </li>
      </ul>
    </section>
  );
}

function Stored({
  row,
  name,
  isOneOfSeveral,
}: {
  row: StorageCamera;
  name: string;
  isOneOfSeveral: boolean;
}) {
  const { t, time } = useSpeech();
  const { role } = useViewer();
  const kept = keptDays(row);
  const bar = barOf(row);
  const isOverHeld = row.held_warn_bytes !== null && row.held_bytes > row.held_warn_bytes;
  const hasTimeline = screensOf(role).includes("timeline");
  return (
    <li className={row.is_below_floor ? "stored-row stored-below" : "stored-row"}>
      <span className="stored-name">
        <b>{name}</b>
        <span className="muted">
          {row.stream === "main" ? t.live.main : t.live.sub} ·{" "}
          {t.storage.rule(row.base_days, row.incident_days)}
          {isOneOfSeveral && ` · ${t.storage.disk(row.disk)}`}
        </span>
      </span>
      <span className="stored-kept">
        <span className="stored-bar">
          <i style={{ width: `${bar.kept * 100}%` }} />
          <em style={{ left: `${bar.floor * 100}%` }} />
        </span>
        <span>
          <b>{t.storage.keptOf(days(kept), String(row.floor_days))}</b>
          <span className="muted"> · {t.storage.basisOf[row.legal_basis]}</span>
          {row.is_below_floor && <strong className="stored-alert"> {t.storage.below}</strong>}
        </span>
      </span>
      <dl className="stored-facts">
        <div>
          <dt>{t.storage.oldest}</dt>
          <dd>{time.stamp(row.oldest_ms).slice(0, 11)}</dd>
        </div>
        <div>
          <dt>{t.storage.daily}</dt>
          <dd>{bytes(row.bytes_per_day)}</dd>
        </div>
        <div>
          <dt>{t.storage.size}</dt>
          <dd>
            {bytes(row.bytes)}
            {row.max_bytes !== null && (
              <span className="muted"> / {t.storage.quota(bytes(row.max_bytes))}</span>
            )}
          </dd>
        </div>
        <div>
          <dt>{t.storage.tierIncident}</dt>
          <dd>
            {row.incident_bytes > 0 ? bytes(row.incident_bytes) : "—"}
            {row.incident_max_bytes !== null && (
              <span className="muted"> / {t.storage.quota(bytes(row.incident_max_bytes))}</span>
            )}
          </dd>
        </div>
        <div>
          <dt>{t.storage.held}</dt>
          <dd className={isOverHeld ? "stored-alert" : undefined}>
            {row.held_bytes > 0 ? bytes(row.held_bytes) : "—"}
            {row.held_warn_bytes !== null && (
              <span className="muted"> / {t.storage.quota(bytes(row.held_warn_bytes))}</span>
            )}
          </dd>
        </div>
      </dl>
      {hasTimeline && (
        <Link className="nowrap" to={`/timeline?cameras=${encodeURIComponent(row.camera)}&span=${30 * DAY}`}>
          {t.storage.gaps}
        </Link>
      )}
    </li>
  );
}

function Deletions({ storage, nameOf }: { storage: Storage; nameOf: (camera: string) => string }) {
  const { t, time } = useSpeech();
  return (
    <section className="card panel deletions">
      <h2>{t.storage.deletions}</h2>
      {storage.deletions.length === 0 && <p className="muted">{t.storage.noDeletions}</p>}
      <ol>
        {storage.deletions.map((d) => (
          <li key={`${d.at_ms}-${d.camera}-${d.stream}-${d.from_ms}`}>
            <span className="muted">{time.stamp(d.at_ms)}</span>
            <b>{nameOf(d.camera)}</b>
            <span>
              {time.stamp(d.from_ms).slice(0, 11)} – {time.stamp(d.to_ms).slice(0, 11)}
            </span>
            <span>{bytes(d.bytes)}</span>
            <span className={d.reason === "disk_full" ? "stored-alert" : "muted"}>
              {t.storage.reason[d.reason] ?? d.reason}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
