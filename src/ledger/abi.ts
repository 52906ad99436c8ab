/**
 * The ledger's contracts as this project's TypeScript calls them, in ethers' human-readable form: no Solidity compiler
 * is needed to use deployed ones. A test compares every line with the compiled contracts.
 */
import { Interface } from 'ethers';

const ASK =
  '(uint256 modelId, uint32 version, uint8 mode, bytes32 inputCommitment, string inputUri, address token, uint128 fee, uint96 bond, uint40 deadline, uint32 window, uint256 licenceId, address watcher)';
const REQUEST =
  '(address asker, uint40 deadline, uint32 window, uint8 mode, uint8 status, address operator, uint40 due, address verifier, uint96 bond, uint128 fee, uint16 operatorBps, address token, uint64 modelId, uint32 version, bytes32 inputCommitment, bytes32 outputHash, address challenger, uint256 licenceId, address watcher)';
const OPERATOR = '(uint96 stake, uint96 locked, uint96 unbonding, uint40 unbondedAt)';

/** `InferenceMarket`. */
export const MARKET_ABI = new Interface([
  `function ask(${ASK} request) payable returns (uint64 requestId)`,
  'function take(uint64 requestId)',
  'function answerProved(uint64 requestId, bytes output, bytes proof)',
  'function answerOptimistic(uint64 requestId, bytes output)',
  'function dispute(uint64 requestId) payable',
  'function prove(uint64 requestId, bytes output, bytes proof)',
  'function finalize(uint64 requestId)',
  'function slash(uint64 requestId)',
  'function cancel(uint64 requestId)',
  'function stake() payable',
  'function unbond(uint96 amount)',
  'function withdrawStake(address to) returns (uint96 amount)',
  'function forwardRoyalties(uint256 modelId, uint32 version, address token, address holder) returns (uint256 amount)',
  'function withdraw(address token, address to) returns (uint256 amount)',
  `function requestOf(uint64 requestId) view returns (${REQUEST} request)`,
  'function isAccepted(uint64 requestId, bytes output) view returns (bool accepted)',
  `function operatorOf(address account) view returns (${OPERATOR} operator)`,
  'function freeStake(address account) view returns (uint256 amount)',
  'function balanceOf(address account, address token) view returns (uint256 amount)',
  'function royaltiesOf(uint256 modelId, uint32 version, address token, address holder) view returns (uint256 amount)',
  'function contextOf(address operator, uint64 requestId) view returns (uint256 context)',
  'function requestCount() view returns (uint64 count)',
  'function challengeWindow() view returns (uint32)',
  'function proveWindow() view returns (uint32)',
  'function maxWindow() view returns (uint32)',
  'function minBond() view returns (uint96)',
  'function challengeBond() view returns (uint96)',
  'event Asked(uint64 indexed requestId, uint256 indexed modelId, address indexed asker, uint32 version, uint8 mode, bytes32 inputCommitment, string inputUri, address token, uint128 fee, uint96 bond, uint40 deadline, uint32 window)',
  'event Taken(uint64 indexed requestId, address indexed operator, uint40 due)',
  'event Answered(uint64 indexed requestId, address indexed operator, uint40 due, bytes output)',
  'event Disputed(uint64 indexed requestId, address indexed challenger, uint40 due)',
  'event Proved(uint64 indexed requestId, address indexed operator, bytes output)',
  'event Accepted(uint64 indexed requestId, address indexed operator, bytes32 outputHash)',
  'event Slashed(uint64 indexed requestId, address indexed operator, uint8 indexed fault, uint96 amount, address challenger)',
  'event Reopened(uint64 indexed requestId, uint40 deadline)',
  'event Cancelled(uint64 indexed requestId)',
  'event Staked(address indexed operator, uint96 amount, uint96 stake)',
  'error WrongStatus(uint64 requestId, uint8 status)',
  'error NotTheOperator(uint64 requestId, address caller)',
  'error NotTheAsker(uint64 requestId, address caller)',
  'error DeadlinePassed(uint64 requestId, uint256 due)',
  'error DeadlineNotPassed(uint64 requestId, uint256 due)',
  'error ProofRequired(uint64 requestId)',
  'error InvalidAsk()',
  'error BondTooSmall(uint256 bond, uint256 minimum)',
  'error InsufficientStake(address operator, uint256 free, uint256 needed)',
  'error StillUnbonding(address operator, uint256 unbondedAt)',
  'error ModelNotServed(uint256 modelId, uint32 version)',
  'error OutputDiffers(bytes32 answered, bytes32 given)',
  'error ProofRefused(uint8 verdict)',
  'error NothingToPay()',
  'error WrongValue(uint256 expected, uint256 actual)',
  'error PaymentFailed(address to, uint256 amount)',
]);

const TERMS =
  '(uint16 operatorBps, uint16 ownerBps, uint16 contributorsBps, uint16 parentsBps, uint16 derivativeBps, uint16 saleBps)';
const PARENT = '(uint64 modelId, uint32 version, uint16 bps)';
const CONTRIBUTOR = '(address account, uint32 weight)';
const ARTIFACT = `(uint8 kind, uint8 codec, bytes32 contentHash, bytes32[] parents, string licence, uint16 parentsBps, ${CONTRIBUTOR}[] contributors)`;

/** `ModelRoyalties`. */
export const ROYALTIES_ABI = new Interface([
  `function setTerms(uint256 modelId, uint32 version, ${TERMS} terms, ${PARENT}[] parents, ${ARTIFACT}[] graph)`,
  'function distribute(uint256 modelId, uint32 version, address token, address holder, uint256 amount) payable',
  'function claim(uint256 modelId, uint32 version, address token, address contributor) returns (uint256 amount)',
  'function claimable(uint256 modelId, uint32 version, address token, address contributor) view returns (uint256 amount)',
  'function balanceOf(address account, address token) view returns (uint256 amount)',
  'function withdraw(address token, address to) returns (uint256 amount)',
  'error TermsNotSet(uint256 modelId, uint32 version)',
  'error TermsAlreadySet(uint256 modelId, uint32 version)',
  'error NotModelOwner(uint256 modelId, address caller)',
  'error InvalidTerms()',
  'error ParentShareTooSmall(uint256 parentModelId, uint32 parentVersion, uint16 required)',
  'error TermsOutOfOrder(uint256 modelId, uint32 latest)',
  'error LineageUndeclared(uint256 modelId, uint32 version)',
  'error LineageTooDeep(bytes32 artifactId)',
  'error NothingToPay()',
]);

const OFFER =
  '(uint64 modelId, uint8 kind, bool transferable, uint40 until, address token, uint128 price, uint64 maxSupply)';

/** `ModelLicences`. */
export const LICENCES_ABI = new Interface([
  `function offer(${OFFER} terms) returns (uint256 licenceId)`,
  'function setLicenceRequired(uint256 modelId, bool required)',
  'function buy(uint256 licenceId, address to, uint256 units) payable',
  'function setApprovalForAll(address operator, bool approved)',
  'function balanceOf(address account, uint256 id) view returns (uint256)',
  `event LicenceOffered(uint256 indexed licenceId, uint256 indexed modelId, ${OFFER} offer)`,
  'event LicenceUsed(uint256 indexed licenceId, address indexed account, address indexed consumer)',
  'error InvalidOffer()',
  'error NotLicensed(uint256 modelId, address account, uint256 licenceId)',
  'error NotApproved(address account, address caller)',
]);

/** For decoding what any contract in a call to the market may revert with. */
export const LEDGER_ABIS: readonly Interface[] = [MARKET_ABI, LICENCES_ABI, ROYALTIES_ABI];
