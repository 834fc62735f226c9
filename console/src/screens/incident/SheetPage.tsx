/** 督办单: numbered, with all that is printed on it. */
import { ArrowLeftOutlined, PrinterOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Empty } from "antd";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { need } from "../../api/client";
import { desk, type SupervisionSheet } from "../../api/desk";
import { useKeys } from "../../components/keys";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { seenAt, whyOf } from "../../i18n/format";
import "./sheet.css";

export function SheetPage() {
  const { t } = useSpeech();
  const id = Number(useParams().id);
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const sheets = useQuery({
    queryKey: ["incident", id, "sheets"],
    queryFn: ({ signal }) => need(desk.sheets(id, signal)),
  });
  const back = () => navigate(`/incidents/${id}`);
  const print = () => window.print();
  useKeys({ escape: back, p: print });
  if (sheets.isPending) return <Loading />;
  if (sheets.isError) {
    return <Trouble title={t.desk.sheet.failed} error={sheets.error} onRetry={() => sheets.refetch()} />;
  }
  const wanted = params.get("number");
  const sheet = sheets.data.find((one) => one.number === wanted) ?? sheets.data.at(-1);
  return (
    <div className="sheet-page">
      <div className="sheet-tools">
        <Button icon={<ArrowLeftOutlined />} onClick={back}>
          {t.common.back} <kbd>Esc</kbd>
        </Button>
        {sheet && (
          <Button type="primary" icon={<PrinterOutlined />} onClick={print}>
            {t.desk.sheet.print} <kbd>P</kbd>
          </Button>
        )}
        {sheets.data.length > 1 && sheet && (
          <span className="muted">{t.desk.sheet.of(sheets.data.indexOf(sheet) + 1, sheets.data.length)}</span>
        )}
      </div>
      {sheet ? <Sheet sheet={sheet} /> : <Empty description={t.desk.sheet.none} />}
    </div>
  );
}

function Sheet({ sheet }: { sheet: SupervisionSheet }) {
  const { t, time, language } = useSpeech();
  const className = (language === "en" && sheet.class_name_en) || sheet.class_name;
  const minute = (ms: number) => `${time.date(ms)} ${time.minute(ms)}`;
  const rows: [string, string][] = [
    [t.desk.sheet.incident, `#${sheet.incident_number}`],
    [t.desk.sheet.level, t.levelLong[sheet.level] ?? String(sheet.level)],
    [t.desk.sheet.what, [className, whyOf(t, sheet)].filter(Boolean).join("：")],
    [t.desk.sheet.where, [sheet.area_path.join(" / "), seenAt(sheet)].filter(Boolean).join(" · ")],
    [t.desk.sheet.opened, minute(sheet.opened_ms)],
    [t.desk.sheet.due, sheet.due_ms === undefined ? "—" : minute(sheet.due_ms)],
    [
      t.desk.sheet.units,
      sheet.units
        .map((one) => `${one.unit_name}（${one.lead ? t.desk.unit.lead : t.desk.unit.assist}）`)
        .join("，") || "—",
    ],
    [t.desk.sheet.before, t.desk.sheet.times(sheet.urged_before)],
  ];
  return (
    <article className="sheet card" data-testid="sheet">
      <header>
        <p>{sheet.site}</p>
        <h1>{t.desk.sheet.title}</h1>
        <p className="sheet-number">{t.desk.sheet.number(sheet.number)}</p>
      </header>
      <table>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
          <tr className="sheet-tall">
            <th scope="row">{t.desk.sheet.demand}</th>
            <td>{sheet.demand ?? t.desk.sheet.demandNone}</td>
          </tr>
          <tr className="sheet-tall">
            <th scope="row">{t.desk.sheet.reply}</th>
            <td />
          </tr>
        </tbody>
      </table>
      <footer>
        <p>
          {t.desk.sheet.by}：{sheet.by?.name ?? ""}
          <br />
          {t.desk.sheet.at}：{minute(sheet.at_ms)}
        </p>
        <p>
          {t.desk.sheet.sign}：
          <br />
          {t.desk.sheet.date}：
        </p>
      </footer>
      <p className="sheet-hash muted">
        {sheet.sha256 === undefined ? t.desk.sheet.notKept : `SHA-256 ${sheet.sha256}`}
        {sheet.still_sha256 !== undefined && (
          <>
            <br />
            {t.desk.sheet.still} SHA-256 {sheet.still_sha256}
          </>
        )}
      </p>
    </article>
  );
}
