/** How often the alarms of each rule were false, by what operators found: the worst first, each with a way to try. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { need } from "../../api/client";
import { trials } from "../../api/trials";
import type { RuleVerdicts } from "../../api/types";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";

const DAYS = 30;
const DAY_MS = 86_400_000;

export function VerdictTable() {
  const { t } = useSpeech();
  const verdicts = useQuery({
    queryKey: ["verdicts"],
    queryFn: ({ signal }) => need(trials.verdicts(Date.now() - DAYS * DAY_MS, Date.now(), signal)),
  });
  if (verdicts.isPending) return <Loading />;
  if (verdicts.isError) return <Trouble title={t.rules.failed} error={verdicts.error} />;
  const share = (row: RuleVerdicts) => {
    const decided = row.confirmed + row.false_alarms;
    return decided === 0
      ? "—"
      : `${Math.round((100 * row.false_alarms) / decided)} % (${row.false_alarms}/${decided})`;
  };
  return (
    <section className="card verdicts">
      <h2>{t.rules.verdicts(DAYS)}</h2>
      <p className="muted">{t.rules.pick}</p>
      {verdicts.data.length === 0 && <p className="muted">{t.rules.noVerdicts}</p>}
      <ol>
        {verdicts.data.map((row) => (
          <li key={`${row.camera} ${row.rule} ${row.class} ${row.level}`}>
            <b>{share(row)}</b>
            <span>
              {t.incidentClass[row.class] ?? row.class} · {row.camera_name}{" "}
              <code className="muted">{row.rule}</code>
            </span>
            <span className="muted">
              {t.rules.verdictWords(row.confirmed, row.false_alarms, row.undecided)}
            </span>
            <Link to={`/rules/${row.camera}`}>{t.rules.tryIt}</Link>
          </li>
        ))}
      </ol>
    </section>
  );
}
