/** One incident, one report, one click (一事一报); what was issued before is printed again as it was. */
import { DownOutlined, FileTextOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown, Space } from "antd";
import { need, ProblemError } from "../../api/client";
import { reports } from "../../api/reports";
import { mayAct, useViewer } from "../../api/session";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { useDownload } from "./useDownload";

export function FlashButton({ incident }: { incident: number }) {
  const { t, time } = useSpeech();
  const { role } = useViewer();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const file = useDownload();
  const issued = useQuery({
    queryKey: ["bulletins", "incident", incident],
    queryFn: ({ signal }) => need(reports.flashes(incident, signal)),
    enabled: mayAct(role),
  });
  const made = useMutation({
    mutationFn: () => need(reports.make({ kind: "flash", incident })),
    onSuccess: (row) => {
      void queries.invalidateQueries({ queryKey: ["bulletins"] });
      file.mutate({ row, format: "pdf" });
    },
    onError: (error) =>
      void message.error(error instanceof ProblemError ? problemText(t, error.problem) : String(error)),
  });
  if (!mayAct(role)) return null;
  const before = issued.data ?? [];
  return (
    <Space.Compact>
      <Button
        icon={<FileTextOutlined />}
        loading={made.isPending || file.isPending}
        onClick={() => made.mutate()}
        title={t.reports.flashHint}
      >
        {t.reports.flash}
      </Button>
      {before.length > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: before.map((row) => ({
              key: row.id,
              label: t.reports.flashAgain(row.edition, time.stamp(row.made_ms).slice(0, -3), row.made_by),
              onClick: () => file.mutate({ row, format: "pdf" }),
            })),
          }}
        >
          <Button icon={<DownOutlined />} aria-label={t.reports.flashIssued(before.length)} />
        </Dropdown>
      )}
    </Space.Compact>
  );
}
