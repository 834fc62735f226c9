import { Button, Result } from "antd";
import { Component, type ErrorInfo, type ReactNode } from "react";
import { useSpeech } from "../i18n/context";

function Crashed({ message }: { message: string }) {
  const { t } = useSpeech();
  return (
    <Result
      status="error"
      title={t.error.crash}
      subTitle={message}
      extra={<Button onClick={() => location.reload()}>{t.error.reload}</Button>}
    />
  );
}

/** A bug in one screen says so, with a way out, instead of leaving a white page in front of an operator. */
export class CrashBarrier extends Component<{ children: ReactNode }, { message: string | null }> {
  override state = { message: null as string | null };

  static getDerivedStateFromError(error: unknown) {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    return this.state.message === null ? this.props.children : <Crashed message={this.state.message} />;
  }
}
