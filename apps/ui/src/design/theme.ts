import {
  ActionIcon,
  Badge,
  Button,
  createTheme,
  type CSSVariablesResolver,
  Input,
  InputWrapper,
  Menu,
  Modal,
  Drawer,
  Paper,
  Select,
  Tabs,
  Tooltip,
  type MantineColorsTuple,
} from '@mantine/core'

/** The colour of the water. Shade 8 carries white text, shade 4 reads on dark surfaces. */
const tide: MantineColorsTuple = [
  '#e6f7fa',
  '#c9edf3',
  '#9fdfea',
  '#6fcfdf',
  '#4cc3d9',
  '#22a5bd',
  '#12889e',
  '#0e7a8f',
  '#0b7285',
  '#095c6b',
]

/** Mantine's greys of the dark scheme, in the tint of our surfaces. */
const dark: MantineColorsTuple = [
  '#e6eaec',
  '#c3cbd0',
  '#9aa6ad',
  '#6c7880',
  '#3a444a',
  '#2c343a',
  '#1b2024',
  '#15191c',
  '#111517',
  '#0a0d0e',
]

export const theme = createTheme({
  primaryColor: 'tide',
  primaryShade: { light: 8, dark: 8 },
  colors: { tide, dark },
  fontFamily: 'var(--s-font)',
  fontFamilyMonospace: 'var(--s-mono)',
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontSizes: { xs: '12px', sm: '13px', md: '13.5px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  radius: { xs: '3px', sm: '6px', md: '8px', lg: '12px' },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  headings: {
    fontFamily: 'var(--s-font)',
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '1.3' },
      h2: { fontSize: '16px', lineHeight: '1.35' },
      h3: { fontSize: '14px', lineHeight: '1.4' },
      h4: { fontSize: '13.5px', lineHeight: '1.4' },
    },
  },
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs', radius: 'sm' } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } }),
    Badge: Badge.extend({ defaultProps: { radius: 'sm', variant: 'light', tt: 'none', fw: 500 } }),
    Input: Input.extend({ defaultProps: { size: 'sm' } }),
    InputWrapper: InputWrapper.extend({ defaultProps: { size: 'sm' } }),
    Menu: Menu.extend({
      defaultProps: {
        shadow: 'md',
        transitionProps: { duration: 90 },
        withinPortal: true,
        withInitialFocusPlaceholder: false,
      },
    }),
    Modal: Modal.extend({
      // Pages scroll in their own frame: there is no scrolling of the window to lock, nor a style for it to inject.
      defaultProps: {
        centered: true,
        lockScroll: false,
        closeButtonProps: { 'aria-label': 'Close' },
        // Its <header> is the dialog's, not the page's.
        attributes: { header: { role: 'presentation' } },
        transitionProps: { duration: 120 },
        overlayProps: { opacity: 0.4 },
      },
      styles: { title: { fontSize: 15, fontWeight: 600 } },
    }),
    Drawer: Drawer.extend({
      defaultProps: {
        position: 'right',
        lockScroll: false,
        closeButtonProps: { 'aria-label': 'Close' },
        // Its <header> is the dialog's, not the page's.
        attributes: { header: { role: 'presentation' } },
        transitionProps: { duration: 120 },
        overlayProps: { opacity: 0.25 },
      },
      styles: { title: { fontSize: 15, fontWeight: 600 } },
    }),
    Paper: Paper.extend({ defaultProps: { radius: 'md' } }),
    Select: Select.extend({ defaultProps: { size: 'sm', checkIconPosition: 'right' } }),
    Tabs: Tabs.extend({ defaultProps: { keepMounted: false } }),
    Tooltip: Tooltip.extend({
      defaultProps: {
        openDelay: 250,
        withArrow: true,
        fz: 12,
        multiline: true,
        maw: 320,
        events: { hover: true, focus: true, touch: false },
      },
    }),
  },
})

/** Hands our tokens to Mantine's own variables, so that its parts and ours can't drift apart. */
export const resolveVariables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--s-surface)',
    '--mantine-color-text': 'var(--s-text)',
    '--mantine-color-dimmed': 'var(--s-dim)',
    '--mantine-color-placeholder': 'var(--s-dim)',
    '--mantine-color-anchor': 'var(--s-link)',
    '--mantine-color-default-border': 'var(--s-line-strong)',
    '--mantine-color-default': 'var(--s-surface)',
    '--mantine-color-default-hover': 'var(--s-hover)',
    '--mantine-color-error': 'var(--s-failure)',
  }
  return { variables: {}, light: shared, dark: shared }
}
