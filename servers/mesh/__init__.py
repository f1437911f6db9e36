"""The process: configuration, interceptors, serving and draining. It knows no slice but in `wiring`."""
