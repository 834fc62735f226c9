import { Alert, Form, Input, Modal, Select } from "antd";
import { useState } from "react";
import { client } from "../../api/client";
import type { Area, NewAccount, Role } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";

const ROLES: readonly Role[] = ["operator", "police", "technician", "administrator", "auditor"];

interface Props {
  areas: readonly Area[];
  onCancel: () => void;
  onDone: () => void;
}

export function NewAccountDialog({ areas, onCancel, onDone }: Props) {
  const { t, language } = useSpeech();
  const [form] = Form.useForm<NewAccount>();
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);

  const submit = async (fields: NewAccount) => {
    setBusy(true);
    const answer = await client.createAccount({ ...fields, areas: fields.areas ?? [], language });
    setBusy(false);
    if (answer.kind === "ok") onDone();
    else if (answer.kind === "error") setRefusal(problemText(t, answer.problem));
  };
  const required = [{ required: true, message: t.accounts.required }];
  return (
    <Modal
      open
      title={t.accounts.add}
      okText={t.accounts.add}
      confirmLoading={busy}
      onCancel={onCancel}
      onOk={() => form.submit()}
    >
      {refusal && <Alert type="error" title={refusal} showIcon className="front-alert" />}
      <Form<NewAccount>
        form={form}
        layout="vertical"
        onFinish={submit}
        initialValues={{ role: "operator", areas: [] }}
      >
        <Form.Item name="name" label={t.accounts.name} rules={required}>
          <Input autoComplete="off" autoCapitalize="none" spellCheck={false} />
        </Form.Item>
        <Form.Item name="display_name" label={t.accounts.display}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="role" label={t.accounts.role} rules={required}>
          <Select options={ROLES.map((role) => ({ value: role, label: t.role[role] }))} />
        </Form.Item>
        <Form.Item name="areas" label={t.accounts.areas} extra={t.accounts.areasHint}>
          <Select
            // Without an area tree (a server that does not tell it) identifiers can be typed.
            mode={areas.length > 0 ? "multiple" : "tags"}
            options={areas.map((area) => ({ value: area.id, label: area.name }))}
            optionFilterProp="label"
          />
        </Form.Item>
        <Form.Item name="password" label={t.accounts.password} rules={required}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
