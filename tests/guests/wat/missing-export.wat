;; A component that exports nothing, and so is no plugin.
(component)
