import { SafetyCertificateOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Alert, App, Button, Empty, Table, type TableColumnsType, Tag } from "antd";
import { useRef, useState } from "react";
import { client, need } from "../../api/client";
import type { AuditRow, AuditVerdict } from "../../api/types";
import { Loading, Trouble } from "../../components/Trouble";
import { useReachable } from "../../components/useReachable";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import "./audit.css";

const PAGE = 100;
const COLOURS: Record<string, string> = { allowed: "green", denied: "red", failed: "orange" };

export function AuditPage() {
  const page = useRef<HTMLDivElement>(null);
  useReachable(page);
  const { t, time } = useSpeech();
  const { message } = App.useApp();
  const [verdict, setVerdict] = useState<AuditVerdict | null>(null);
  const [verifying, setVerifying] = useState(false);
  const audit = useInfiniteQuery({
    queryKey: ["audit"],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam, signal }) => need(client.audit(PAGE, pageParam, signal)),
    getNextPageParam: ({ rows }) => {
      const last = rows.at(-1);
      return last === undefined || last.seq <= 1 ? undefined : last.seq;
    },
  });
  if (audit.isPending) return <Loading />;
  if (audit.isError)
    return <Trouble title={t.audit.failed} error={audit.error} onRetry={() => audit.refetch()} />;

  const verify = async () => {
    setVerifying(true);
    const answer = await client.verifyAudit();
    setVerifying(false);
    if (answer.kind === "ok") setVerdict(answer.value);
    else if (answer.kind === "error") message.error(problemText(t, answer.problem));
  };
  const columns: TableColumnsType<AuditRow> = [
    { title: t.audit.seq, dataIndex: "seq", width: 80 },
    { title: t.audit.at, className: "nowrap", render: (_value, row) => time.stamp(row.at_ms) },
    {
      title: t.audit.who,
      render: (_value, row) => (
        <>
          {row.name || t.audit.nobody} {row.role && <span className="muted">{t.role[row.role]}</span>}
        </>
      ),
    },
    { title: t.audit.action, render: (_value, row) => <code>{row.action}</code> },
    { title: t.audit.object, render: (_value, row) => <code>{row.object}</code> },
    {
      title: t.audit.outcome,
      render: (_value, row) => (
        <Tag color={COLOURS[row.outcome] ?? "default"}>{t.audit.outcomes[row.outcome] ?? row.outcome}</Tag>
      ),
    },
    { title: t.audit.source, dataIndex: "source" },
    { title: t.audit.detail, render: (_value, row) => <span className="audit-detail">{row.detail}</span> },
  ];
  return (
    <div className="page" ref={page}>
      <div className="page-head">
        <h1>{t.audit.title}</h1>
        <span className="grow" />
        <Button onClick={() => audit.refetch()} loading={audit.isRefetching}>
          {t.common.refresh}
        </Button>
        <Button type="primary" icon={<SafetyCertificateOutlined />} loading={verifying} onClick={verify}>
          {t.audit.verify}
        </Button>
      </div>
      {verdict && (
        <Alert
          className="front-alert"
          showIcon
          type={verdict.intact ? "success" : "error"}
          title={verdict.intact ? t.audit.intact(verdict.rows) : t.audit.broken(verdict.first_bad ?? 0)}
          description={
            <span className="audit-head">
              {t.audit.head} <code>{verdict.head}</code>
            </span>
          }
        />
      )}
      <Table<AuditRow>
        className="card"
        rowKey="seq"
        size="small"
        columns={columns}
        dataSource={audit.data.pages.flatMap((page) => page.rows)}
        pagination={false}
        scroll={{ x: 960 }}
        locale={{ emptyText: <Empty description={t.audit.empty} /> }}
      />
      {audit.hasNextPage && (
        <Button block type="text" loading={audit.isFetchingNextPage} onClick={() => audit.fetchNextPage()}>
          {t.common.more}
        </Button>
      )}
    </div>
  );
}
