"""The proof by killing, on the operator's own machine: senders, an emulated provider, and what must hold."""
