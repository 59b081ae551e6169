;; Wants something of the host that no version of the contract has.
(component
  (import "turnwise:bot/everything@0.1.0" (instance (export "take" (func)))))
