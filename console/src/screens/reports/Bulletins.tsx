/** The reports that were made, each in every format. */
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Empty } from "antd";
import { need } from "../../api/client";
import { reports } from "../../api/reports";
import type { BulletinFormat, BulletinRow } from "../../api/types";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { useDownload } from "./useDownload";

const FORMATS: BulletinFormat[] = ["pdf", "docx", "xlsx", "csv"];

export function Bulletins() {
  const { t } = useSpeech();
  const made = useQuery({
    queryKey: ["bulletins"],
    queryFn: ({ signal }) => need(reports.bulletins(signal)),
  });
  return (
    <section className="card report-made" aria-label={t.reports.made}>
      <h2>
        {t.reports.made} <small className="muted">{t.reports.madeHint}</small>
      </h2>
      {made.isPending && <Loading />}
      {made.isError && (
        <Trouble title={t.reports.failed} error={made.error} onRetry={() => void made.refetch()} />
      )}
      {made.data?.length === 0 && <Empty description={t.reports.madeNone} />}
      <ol>
        {made.data?.map((row) => (
          <Made key={row.id} row={row} />
        ))}
      </ol>
    </section>
  );
}

function Made({ row }: { row: BulletinRow }) {
  const { t, time } = useSpeech();
  const file = useDownload();
  const first = time.date(row.from_ms);
  const last = time.date(Math.max(row.from_ms, row.to_ms - 1));
  return (
    <li className="report-row" data-bulletin={row.id}>
      <div>
        <b>{t.reports.kind[row.kind]}</b> {row.title}{" "}
        <span>{first === last ? first : `${first} – ${last}`}</span>
        <div className="muted">
          {t.reports.madeBy(row.made_by, time.stamp(row.made_ms))} ·{" "}
          <code title={`${t.reports.hash} ${row.sha256}`}>{row.sha256.slice(0, 12)}</code>
        </div>
      </div>
      <div className="report-files">
        {FORMATS.map((format) => (
          <Button
            key={format}
            size="small"
            icon={<DownloadOutlined />}
            loading={file.isPending && file.variables.format === format}
            onClick={() => file.mutate({ row, format })}
            aria-label={`${t.reports.download} ${format.toUpperCase()}`}
          >
            {format.toUpperCase()}
          </Button>
        ))}
      </div>
    </li>
  );
}
