using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed "../build/worker.js")],
    compatibilityDate = "2026-06-01",
  ))],
);
