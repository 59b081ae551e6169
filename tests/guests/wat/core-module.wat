;; A WebAssembly module, not a component: what a compiler makes before it is linked as one.
(module
  (memory (export "memory") 1)
  (func (export "turnwise:bot/bot@0.1.0#handle") (param i32) (result i32) (unreachable)))
