import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import { client } from "../../api/client";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { Front } from "./Front";

interface Fields {
  name: string;
  password: string;
}

export function SignInPage({ ended, onDone }: { ended: boolean; onDone: () => void }) {
  const { t } = useSpeech();
  const [refused, setRefused] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(ended ? t.signIn.ended : null);

  const submit = async ({ name, password }: Fields) => {
    setBusy(true);
    const answer = await client.signIn(name, password);
    setBusy(false);
    if (answer.kind === "ok") onDone();
    else if (answer.kind === "error") {
      setRefused(true);
      setRefusal(problemText(t, answer.problem));
    }
  };

  return (
    <Front title={t.signIn.title}>
      {refusal && (
        <Alert type={refused ? "error" : "warning"} title={refusal} showIcon className="front-alert" />
      )}
      <Form<Fields> layout="vertical" onFinish={submit} requiredMark={false} size="large">
        <Form.Item name="name" label={t.signIn.name} rules={[{ required: true, message: t.signIn.needName }]}>
          <Input autoFocus autoComplete="username" autoCapitalize="none" spellCheck={false} />
        </Form.Item>
        <Form.Item
          name="password"
          label={t.signIn.password}
          rules={[{ required: true, message: t.signIn.needPassword }]}
        >
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={busy}>
          {t.signIn.submit}
        </Button>
      </Form>
    </Front>
  );
}
