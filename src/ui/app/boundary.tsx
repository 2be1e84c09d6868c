/** What a panel throws must not be lost behind the screen. */
import { Component, type ReactNode } from 'react'

/** Draws nothing more once something was thrown: the caller closes the screen and shows the error. */
export class Boundary extends Component<
  { children: ReactNode; onError: (error: Error) => void },
  { hasFailed: boolean }
> {
  override state = { hasFailed: false }
  static getDerivedStateFromError() {
    return { hasFailed: true }
  }
  override componentDidCatch(error: Error) {
    this.props.onError(error)
  }
  override render() {
    return this.state.hasFailed ? null : this.props.children
  }
}
