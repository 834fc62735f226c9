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
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(ended ? t.signIn.ended : null);

  const submit = async ({ name, password }: Fields) => {
    setBusy(true);
    const answer = await client.signIn(name, password);
    setBusy(false);
    if (answer.kind === "ok") onDone();
    else if (answer.kind === "error") {
      const { problem } = answer;
      // 401 means something else here than everywhere else: there was no session that could have ended.
      const wrong = problem.status === 401 ? t.error.codes.wrong_credentials : undefined;
      setRefusal(wrong ?? problemText(t, problem));
    }
  };

  return (
    <Front title={t.signIn.title}>
      {refusal && (
        <Alert type={ended ? "warning" : "error"} title={refusal} showIcon className="front-alert" />
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
