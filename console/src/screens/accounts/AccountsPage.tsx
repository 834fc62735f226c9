import { PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Empty, Popconfirm, Table, type TableColumnsType, Tag } from "antd";
import { useState } from "react";
import { client, need } from "../../api/client";
import { useViewer } from "../../api/session";
import type { Account } from "../../api/types";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { NewAccountDialog } from "./NewAccountDialog";
import { useAreas } from "./useAreas";

export function AccountsPage() {
  const { t, time } = useSpeech();
  const { message } = App.useApp();
  const viewer = useViewer();
  const queries = useQueryClient();
  const areas = useAreas();
  const [adding, setAdding] = useState(false);
  const accounts = useQuery({
    queryKey: ["accounts"],
    queryFn: ({ signal }) => need(client.accounts(signal)),
  });
  if (accounts.isPending) return <Loading />;
  if (accounts.isError)
    return <Trouble title={t.accounts.failed} error={accounts.error} onRetry={() => accounts.refetch()} />;

  const reload = () => queries.invalidateQueries({ queryKey: ["accounts"] });
  const setDisabled = async (account: Account, disabled: boolean) => {
    const answer = await client.changeAccount(account.id, { disabled });
    if (answer.kind === "error") message.error(problemText(t, answer.problem));
    await reload();
  };

  const columns: TableColumnsType<Account> = [
    {
      title: t.accounts.name,
      render: (_value, account) => (
        <>
          <b>{account.display_name}</b> {account.id === viewer.id && <Tag>{t.accounts.self}</Tag>}
          <div className="muted">{account.name}</div>
        </>
      ),
    },
    { title: t.accounts.role, render: (_value, account) => t.role[account.role] },
    {
      title: t.accounts.areas,
      render: (_value, account) => account.areas.map(areas.nameOf).join("、") || t.common.none,
    },
    {
      title: t.accounts.lastSignIn,
      className: "nowrap",
      render: (_value, account) =>
        account.last_sign_in_ms === undefined ? t.accounts.never : time.stamp(account.last_sign_in_ms),
    },
    {
      title: t.accounts.status,
      render: (_value, account) => (
        <Tag color={account.disabled ? "default" : "green"}>
          {account.disabled ? t.accounts.disabled : t.accounts.active}
        </Tag>
      ),
    },
    {
      key: "act",
      align: "right",
      render: (_value, account) =>
        account.id === viewer.id ? null : account.disabled ? (
          <Button size="small" onClick={() => setDisabled(account, false)}>
            {t.accounts.enable}
          </Button>
        ) : (
          <Popconfirm
            title={t.accounts.disableAsk(account.display_name)}
            onConfirm={() => setDisabled(account, true)}
          >
            <Button size="small" danger>
              {t.accounts.disable}
            </Button>
          </Popconfirm>
        ),
    },
  ];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t.accounts.title}</h1>
        <span className="grow" />
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
          {t.accounts.add}
        </Button>
      </div>
      <Table<Account>
        className="card"
        rowKey="id"
        columns={columns}
        dataSource={accounts.data}
        pagination={false}
        scroll={{ x: 760 }}
        locale={{ emptyText: <Empty description={t.accounts.empty} /> }}
      />
      {adding && (
        <NewAccountDialog
          areas={areas.all}
          onCancel={() => setAdding(false)}
          onDone={() => {
            setAdding(false);
            message.success(t.accounts.created);
            void reload();
          }}
        />
      )}
    </div>
  );
}
