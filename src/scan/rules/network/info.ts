// Tags that the rules of this folder share.

/** Segmentation in the catalogues: CIS Kubernetes 5.3.2, NSA/CISA, PCI DSS 4 requirement 1.3, SOC 2 CC6.6. */
export const SEGMENTATION: readonly string[] = ['cis-k8s:5.3.2', 'nsa-k8s:network', 'pci-dss:1.3.1', 'soc2:CC6.6'];
export const EGRESS: readonly string[] = ['nsa-k8s:network', 'pci-dss:1.3.2', 'soc2:CC6.6'];
